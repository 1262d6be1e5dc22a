package media

import (
	"image"

	"github.com/disintegration/imaging"
)

// fit crops and resizes a picture to a shape and rotates it. It takes little
// memory beside the picture itself: a resampler that gets the whole picture
// would copy it, and a picture one pixel wide would be enlarged a hundred times
// in height.
func fit(src image.Image, orientation int, shape Shape, makeWay func()) *image.NRGBA {
	stored := shape
	if orientation >= 5 { // lies on its side
		stored = Shape{shape.Height, shape.Width}
	}
	small := shrink(src, centered(src.Bounds(), stored), stored, makeWay)
	return applyOrientation(imaging.Resize(small, stored.Width, stored.Height, imaging.Lanczos), orientation)
}

// centered is the largest part of a picture, in its middle, with a shape's aspect.
func centered(b image.Rectangle, shape Shape) image.Rectangle {
	w, h := b.Dx(), b.Dy()
	if w*shape.Height > h*shape.Width {
		w = max(1, h*shape.Width/shape.Height)
	} else {
		h = max(1, w*shape.Height/shape.Width)
	}
	at := image.Pt(b.Min.X+(b.Dx()-w)/2, b.Min.Y+(b.Dy()-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// shrink averages blocks of pixels, as large as possible without falling below
// the shape.
func shrink(src image.Image, part image.Rectangle, shape Shape, makeWay func()) *image.NRGBA {
	block := max(1, min(part.Dx()/shape.Width, part.Dy()/shape.Height))
	out := image.NewNRGBA(image.Rect(0, 0, part.Dx()/block, part.Dy()/block))
	at := func(x, y int) (r, g, b, a uint32) { return src.At(x, y).RGBA() }
	if fast, ok := src.(image.RGBA64Image); ok {
		at = func(x, y int) (r, g, b, a uint32) { return fast.RGBA64At(x, y).RGBA() }
	}
	for y := range out.Rect.Dy() {
		makeWay()
		for x := range out.Rect.Dx() {
			var r, g, b, a uint64
			for dy := range block {
				for dx := range block {
					pr, pg, pb, pa := at(part.Min.X+x*block+dx, part.Min.Y+y*block+dy)
					r, g, b, a = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa)
				}
			}
			if a == 0 {
				continue
			}
			pix := out.Pix[out.PixOffset(x, y):]
			pix[0], pix[1], pix[2] = uint8(255*r/a), uint8(255*g/a), uint8(255*b/a) // colours come multiplied with alpha
			pix[3] = uint8(a / uint64(block*block) >> 8)
		}
	}
	return out
}

// applyOrientation reverts the rotation that Exif's orientation describes.
func applyOrientation(img *image.NRGBA, orientation int) *image.NRGBA {
	switch orientation {
	case 2:
		return imaging.FlipH(img)
	case 3:
		return imaging.Rotate180(img)
	case 4:
		return imaging.FlipV(img)
	case 5:
		return imaging.Transpose(img)
	case 6:
		return imaging.Rotate270(img)
	case 7:
		return imaging.Transverse(img)
	case 8:
		return imaging.Rotate90(img)
	}
	return img
}
