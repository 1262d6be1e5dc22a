package media

import (
	"bytes"
	"encoding/binary"
)

// jpegHeader is the content of the segments before a JPEG's first scan.
type jpegHeader struct {
	components  int
	subsampled  bool // 4:2:0, as most photographs are
	progressive bool
	orientation int // of Exif, 1 to 8; 1 is upright
}

// readJPEGHeader reads the segments; ok is false where they do not follow the
// standard (a decoder may still read the picture).
func readJPEGHeader(data []byte) (h jpegHeader, ok bool) {
	h.orientation = 1
	data = data[min(2, len(data)):] // SOI
	for len(data) >= 4 && data[0] == 0xff {
		marker := data[1]
		if marker == 0xff { // fill byte
			data = data[1:]
			continue
		}
		length := int(binary.BigEndian.Uint16(data[2:]))
		if marker < 0xc0 || marker >= 0xd0 && marker < 0xda || length < 2 || length+2 > len(data) {
			break
		}
		segment := data[4 : 2+length]
		switch {
		case marker == 0xda: // SOS
			return h, h.components > 0
		case marker >= 0xc0 && marker <= 0xc2 && h.components == 0: // SOF: precision, height, width, components
			if !h.readFrame(segment) {
				return h, false
			}
			h.progressive = marker == 0xc2
		case marker == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")):
			h.orientation = exifOrientation(segment[6:])
		}
		data = data[2+length:]
	}
	return h, false
}

func (h *jpegHeader) readFrame(segment []byte) bool {
	if len(segment) < 6 || len(segment) < 6+3*int(segment[5]) {
		return false
	}
	h.components = int(segment[5])
	h.subsampled = h.components == 3 && segment[7] == 0x22 && segment[10] == 0x11 && segment[13] == 0x11
	return true
}

// halfBytesPerPixel is how much memory decoding uses per pixel, in half bytes
// since 4:2:0 has one and a half samples a pixel.
func (h jpegHeader) halfBytesPerPixel() int {
	samples := 2 * h.components
	if h.subsampled {
		samples = 3
	}
	memory := samples
	if h.components == 4 { // decoded as YCbCr and black, then copied
		memory *= 2
	}
	if h.progressive { // coefficients of 32 bits
		memory += 4 * samples
	}
	return memory
}

// exifOrientation reads the tag 0x0112 of the first directory; 1 if there is none.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == 0x0112 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		entries = entries[12:]
	}
	return 1
}
