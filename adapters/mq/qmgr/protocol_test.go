package qmgr

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What protocol.md says with numbers is what the code does.
func TestProtocolIsAsWritten(t *testing.T) {
	b, err := os.ReadFile("protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	digits := fmt.Sprint(maxFrame)
	for _, want := range []string{
		digits[:3] + "," + digits[3:6] + "," + digits[6:],
		fmt.Sprintf("%d connect", opConnect), fmt.Sprintf("%d get ", opGet), fmt.Sprintf("%d put ", opPut),
		fmt.Sprintf("%d commit", opCommit), fmt.Sprintf("%d backout", opBackout), fmt.Sprintf("%d inquire", opInquire),
		fmt.Sprintf("version %d, level %d", protocolVersion, protocolLevel),
		fmt.Sprintf("| %d define", opDefine), fmt.Sprintf("| %d alias |", opAlias), fmt.Sprintf("| %d describe", opDescribe),
		fmt.Sprintf("| %d quiesce", opQuiesce), fmt.Sprintf("| %d fault", opFault), fmt.Sprintf("| %d aliases", opAliases),
		fmt.Sprintf("| %d get batch", opGetBatch), fmt.Sprintf("%d is level %d", opGetBatch, batchLevel),
		fmt.Sprintf("its properties and %d,", descriptorWeight),
		fmt.Sprintf("%d define a queue, %d alter", modeDefine, modeAlter),
		fmt.Sprintf("%d in\nlogical order; %d only groups whose messages are all there; %d GroupId and MsgSeqNumber follow", getLogical, getAll, getMatchGroup),
		fmt.Sprintf("%d the connection ends before the\ncall; %d it ends after the call, without the reply; %d the call is refused with the reason code; %d the call waits", FaultBroken, FaultAnswerLost, FaultReason, FaultSlow),
		fmt.Sprintf("%d list", opList), fmt.Sprintf("%d close", opClose), fmt.Sprintf("%d cancel", opCancel),
		fmt.Sprintf("% x", appendFrame(nil, frame{op: opCommit, request: 7})),
		fmt.Sprintf("Options of get: %d in the unit of work; %d browse; %d browse from the start; %d take from", getSyncpoint, getBrowse, getBrowseFirst, getExclusive),
		fmt.Sprintf("\n%d make a new MsgId; %d keep the context", putNewMsgID, putPassContext),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("protocol.md does not say %q", want)
		}
	}
}
