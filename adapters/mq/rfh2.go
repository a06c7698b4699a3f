package mq

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	rfh2Fixed = 36
	// maxFolders bounds one MQRFH2.
	maxFolders = 1000
)

// CCSIDs of NameValueData.
const (
	CCSIDUTF8 int32 = 1208

	ccsidUTF16 int32 = 1200
	ccsidUCS2a int32 = 13488
	ccsidUCS2b int32 = 17584
)

// RFH2 is the rules and formatting header 2 (IBM MQ, Reference, MQRFH2): 36 bytes and folders of
// properties.
type RFH2 struct {
	// Encoding, CCSID and Format describe what follows. CCSID -2: as the header.
	Encoding, CCSID int32
	Format          string
	Flags           int32
	// NameValueCCSID is the code page of Folders. 0 is written as 1208, UTF-8.
	NameValueCCSID int32
	// Folders are the NameValueData fields, each as it stands in the message, in order.
	Folders [][]byte

	read origin
}

// MQFormat implements Header.
func (*RFH2) MQFormat() string { return FormatRFH2 }

func (h *RFH2) links() links {
	return links{format: &h.Format, encoding: &h.Encoding, ccsid: &h.CCSID, read: &h.read}
}

func (h *RFH2) visit(w *wire) {
	version := int32(2)
	w.begin("RFH", &version)
	length := h.size(w)
	at := w.at
	w.long(&length)
	w.link(&h.Encoding, &h.CCSID, &h.Format)
	w.long(&h.Flags)
	if w.writing && h.NameValueCCSID == 0 && h.read.bytes == nil {
		h.NameValueCCSID = CCSIDUTF8
	}
	w.long(&h.NameValueCCSID)
	if w.err != nil {
		return
	}
	if w.writing {
		h.writeFolders(w)
		return
	}
	if int(length) < rfh2Fixed || int(length) > len(w.in) {
		w.fail(reasonHeaderLength, "StrucLength", at, 4, "it says %d; the structure has at least %d, and %d bytes are left of the message",
			length, rfh2Fixed, len(w.in))
		return
	}
	w.in = w.in[:length]
	h.readFolders(w)
}

// size is the StrucLength to write.
func (h *RFH2) size(w *wire) int32 {
	size := rfh2Fixed
	for _, f := range h.Folders {
		size += 4 + len(f)
	}
	if size > math.MaxInt32 {
		w.fail(reasonHeaderLength, "StrucLength", -1, size, "the folders are too long")
	}
	return int32(size)
}

func (h *RFH2) readFolders(w *wire) {
	for w.at < len(w.in) {
		at, n := w.at, int32(0)
		w.long(&n)
		if w.err != nil {
			return
		}
		if n < 0 || int(n) > len(w.in)-w.at || len(h.Folders) == maxFolders {
			w.fail(reasonHeaderLength, "NameValueLength", at, 4, "it says %d, and %d bytes are left of the header", n, len(w.in)-w.at)
			return
		}
		h.Folders = append(h.Folders, w.next(int(n)))
	}
}

// writeFolders writes the folders; those in UTF-16 stand in the header's own order of bytes.
func (h *RFH2) writeFolders(w *wire) {
	turned := h.twoByte() && h.read.order != nil && h.read.order != w.order
	for _, f := range h.Folders {
		n := int32(len(f))
		w.long(&n)
		w.at += len(f)
		if !turned {
			w.out = append(w.out, f...)
			continue
		}
		for ; len(f) > 1; f = f[2:] {
			w.out = append(w.out, f[1], f[0])
		}
		w.out = append(w.out, f...)
	}
}

func (h *RFH2) twoByte() bool {
	return h.NameValueCCSID == ccsidUTF16 || h.NameValueCCSID == ccsidUCS2a || h.NameValueCCSID == ccsidUCS2b
}

// AddFolder adds a folder of properties, in UTF-8, its length a multiple of four. The NameValueCCSID of a
// header with folders in another code page is an error.
func (h *RFH2) AddFolder(name string, properties ...Property) error {
	if h.NameValueCCSID == 0 {
		h.NameValueCCSID = CCSIDUTF8
	}
	if h.NameValueCCSID != CCSIDUTF8 {
		return refuseHeader(reasonHeaderValue, "MQRFH2.NameValueCCSID", -1, -1,
			fmt.Errorf("folders are written in UTF-8 (1208) only, and this header says %d", h.NameValueCCSID))
	}
	f, err := buildFolder(name, properties)
	if err != nil {
		return err
	}
	h.Folders = append(h.Folders, f)
	return nil
}

// folderOrder is the order of bytes of folders in UTF-16.
func (h *RFH2) folderOrder() binary.ByteOrder {
	if h.read.order != nil {
		return h.read.order
	}
	return binary.BigEndian
}
