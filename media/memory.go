package media

import (
	"image"
	"image/color"
)

// decodedSize is how many bytes of memory decoding a picture takes, estimated
// from its header before anything is decoded, and never too low.
func decodedSize(data []byte, conf image.Config, format string) int64 {
	halfBytes := 16
	switch format {
	case "jpeg":
		halfBytes = 48 // the most there is: progressive, with four components
		if h, ok := readJPEGHeader(data); ok {
			halfBytes = h.halfBytesPerPixel()
		}
	case "png":
		halfBytes = 2 * pixelSize(conf.ColorModel)
		if len(data) > 28 && data[28] != 0 { // interlaced: the passes are pictures of their own
			halfBytes *= 2
		}
	case "gif":
		halfBytes = 4
	case "webp":
		if conf.ColorModel == color.YCbCrModel {
			halfBytes = 6
		}
	}
	return int64(conf.Width) * int64(conf.Height) * int64(halfBytes) / 2
}

// pixelSize is how many bytes package image keeps of a pixel.
func pixelSize(m color.Model) int {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBAModel, color.NRGBAModel:
		return 4
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 8
}
