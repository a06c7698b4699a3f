// Package webhook posts events to a subscriber over HTTP, through github.com/hashicorp/go-retryablehttp.
//
// A [Sink] is one subscriber. One event is under way at a time, so that first deliveries come in the order of
// publication. Delivery is at least once: what was answered late, or not at all, is sent again under the same
// id, and the subscriber drops what it has seen.
//
// # What a subscriber gets
//
// A POST with the event as its body: a CloudEvent in structured or binary mode (CloudEvents HTTP protocol
// binding 1.0.2), any other message as it is. The headers that say who sent it follow Standard Webhooks 1.0.0:
//
//	webhook-id: cpp-pay-17                       the event's id, the same in each attempt
//	webhook-timestamp: 1772323200                when this attempt was signed, in seconds since 1970
//	webhook-signature: v1,BASE64 v1,BASE64       one for each key in use
//	idempotency-key: "cpp-pay-17"                the id once more, for gateways that know this name
//
// A signature is the HMAC-SHA256 of "ID.TIMESTAMP.BODY", ID as the header has it, under a key that both sides
// hold. [Verify] checks it. In binary mode the ce- headers are not signed; TLS alone protects them. An id with
// characters other than visible ASCII is percent-encoded as CloudEvents header values are.
//
// Keys are files. With two keys each attempt is signed by both: a key is changed by adding the new one, telling
// the subscriber, and taking the old one away. Files are read again at each Publish.
//
// # What its answers mean
//
//	2xx                              delivered
//	408, 425, 429, 5xx, 3xx, none    tried again, after Retry-After or a growing pause; a redirect is not followed
//	410                              the subscriber has left: ErrGone, now and from then on
//	any other 4xx                    the event is refused: *adapters.Refusal, a dead letter
//
// Neither bodies nor answers, keys or URLs stand in errors, logs and metrics: a URL may hold a secret.
package webhook
