package journal

import (
	"bytes"
	"encoding/json"
)

// attributes are what CloudEvents itself says of an event (CloudEvents 1.0, sections 2 and 3.1, and the JSON event
// format 1.0 for data_base64). All others are extensions, such as a trace: a record that is put again brings
// others, and is the same event.
var attributes = []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"}

// same reports whether two bodies under one ID are one event: they are equal, or both are CloudEvents in the
// structured format that differ in extensions only.
func same(first, second []byte) bool {
	if bytes.Equal(first, second) {
		return true
	}
	var a, b map[string]json.RawMessage
	if json.Unmarshal(first, &a) != nil || json.Unmarshal(second, &b) != nil || a["specversion"] == nil {
		return false
	}
	for _, name := range attributes {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}
