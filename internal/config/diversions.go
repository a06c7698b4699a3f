package config

import (
	"fmt"
	"slices"
)

// Diversion passes each message of a queue to Legacy or to Modern, by the Decision of a route. It is cut in by
// repointing the alias that programs put to, and out in the same way: `portage queue alias`.
//
// With TapOf it is a tap: it reads copies, all of which go to Modern, and Legacy's messages are left alone.
type Diversion struct {
	// Name is how metrics call it. Required.
	Name string `yaml:"name"`
	// Route decides, on the Key that is made of the record. Required, but for a tap, which asks nobody.
	Route string `yaml:"route"`
	// Queue is read; LegacyQueue is the one that Legacy reads from now on. Required, but LegacyQueue for a tap,
	// which has none.
	Queue       string `yaml:"queue"`
	LegacyQueue string `yaml:"legacyQueue"`
	// TapOf is the queue that Legacy reads and whose messages the queue manager copies to Queue: STREAMQ with
	// STRMQOS(BESTEF). Copies that it cannot make are lost, and counted where the queue manager counts them.
	TapOf string `yaml:"tapOf"`
	// ModernQueue takes Modern's messages as they are; Journal makes events of them. Exactly one is given.
	ModernQueue string `yaml:"modernQueue"`
	Journal     bool   `yaml:"journal"`
	// BackoutQueue takes what no side can take. Required.
	BackoutQueue string `yaml:"backoutQueue"`
	// Copybook and Mapping are files, or "builtin:NAME" for both. Copybook is required, but for a tap to a
	// modernQueue, which does not look into messages.
	Copybook string `yaml:"copybook"`
	Mapping  string `yaml:"mapping"`
	// Field is the one of which the Key is made, such as PE-SIN. "": the SIN that the mapping's event names.
	Field string `yaml:"field"`
	// Batch is the most messages in a unit of work, 1 to 382. Default 250: docs/delivery.md says what it costs.
	Batch int `yaml:"batch"`
}

func (c *Config) checkDiversions(k *checker) {
	for i, d := range c.Diversions {
		at := fmt.Sprintf("$.diversions[%d]", i)
		k.need(at, "name", d.Name)
		k.need(at, "queue", d.Queue)
		k.need(at, "backoutQueue", d.BackoutQueue)
		if d.TapOf != "" {
			c.checkTap(k, at, d)
		} else {
			k.need(at, "legacyQueue", d.LegacyQueue)
			if !slices.Contains(c.routeNames(), d.Route) {
				k.add(at, didYouMean(d.Route, c.routeNames()), "there is no route %q", d.Route)
			}
		}
		if d.TapOf == "" || d.Journal {
			k.need(at, "copybook", d.Copybook)
		}
		if (d.ModernQueue == "") != d.Journal {
			k.add(at, "", "Modern's messages go to a modernQueue or to the journal: give one")
		}
		if d.Queue != "" && (d.Queue == d.LegacyQueue || d.Queue == d.ModernQueue) {
			k.add(at, "", "a diversion would read what it puts: queue %s stands twice", d.Queue)
		}
	}
}

// checkTap refuses what a tap cannot be told: it decides nothing, and gives Legacy nothing.
func (c *Config) checkTap(k *checker, at string, d Diversion) {
	const hint = "a tap reads copies and leaves Legacy's messages alone; without tapOf it is a diversion"
	if d.LegacyQueue != "" {
		k.add(at+".legacyQueue", hint, "a tap has no legacyQueue: Legacy has every message already, and would get it twice")
	}
	if d.Route != "" {
		k.add(at+".route", hint, "a tap has no route: all copies go to Modern, whatever the share")
	}
	if d.Field != "" {
		k.add(at+".field", hint, "a tap has no field: it makes no Key")
	}
	if d.TapOf == d.Queue {
		k.add(at+".tapOf", "queue is the one that STREAMQ names, tapOf the one that Legacy reads", "a tap of %s would take Legacy's own messages", d.Queue)
	}
	if d.TapOf == d.ModernQueue {
		k.add(at+".modernQueue", "give Modern a queue of its own", "a tap would put each copy on %s again, which is copied again", d.TapOf)
	}
	for _, b := range c.Bridges {
		if b.Queue == d.TapOf {
			k.add(at+".tapOf", "stop one of them", "the bridge %s takes the messages of %s: a tap would tell them a second time", b.Name, d.TapOf)
		}
	}
}
