// Package demo is the sample around Portage: a Legacy program behind a queue, a Modern service with a fault
// that can be planted, payment messages, a load that checks every answer, and the story of one migration.
// Everything in it is synthetic.
package demo

import _ "embed"

// ConfigYAML is the sample's configuration, and the start that `portage init` writes.
//
//go:embed portage.yaml
var ConfigYAML []byte
