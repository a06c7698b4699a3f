package app

import (
	"context"

	"github.com/portage-gateway/portage/internal/audit"
)

// AuditEntry, AuditHead, AuditSummary and AuditDamage are what `portage audit` shows of a record.
type (
	AuditEntry   = audit.Entry
	AuditHead    = audit.Head
	AuditSummary = audit.Summary
	AuditDamage  = audit.Damage
)

// ParseAuditHead reads SEQ:HASH.
func ParseAuditHead(text string) (AuditHead, error) { return audit.ParseHead(text) }

// VerifyAudit checks the record in a folder; no Portage needs to run. The error is an *AuditDamage for
// the first entry that is not as it was written.
func VerifyAudit(dir string, heads ...AuditHead) (AuditSummary, error) {
	return audit.Verify(dir, heads...)
}

// disclose records what somebody is about to see or to do with a dead letter.
func (a *App) disclose(ctx context.Context, actor, action, object, reason string) error {
	_, err := a.audit.Append(ctx, audit.Entry{Actor: actor, Action: action, Object: object, Reason: reason})
	return err
}
