/* Palette: the colours of the window, told apart by people who see colours differently.
 *
 * States and classes use the eight colours of Okabe and Ito ("Color Universal Design", 2008), which
 * keep their distance under the common kinds of colour blindness; on dark ground, so that busy GPUs
 * glow and idle ones recede. No meaning rests on colour alone: failed ones are crossed out, loading
 * ones striped, limits have a mark and words.
 *
 * Text on its ground has a contrast of 7 to 1 or more, dim text of 4.5 to 1.
 */
#ifndef CS_VIZ_PALETTE_H
#define CS_VIZ_PALETTE_H
#include "viz/draw.h"

#define CS_GROUND   CS_RGB(0x11151b)
#define CS_PANEL    CS_RGB(0x1a2028)
#define CS_EDGE     CS_RGB(0x333d49)
#define CS_INK      CS_RGB(0xeef1f5)
#define CS_DIM      CS_RGB(0xa3aebb)
#define CS_IDLE     CS_RGB(0x55606e)
#define CS_PREFILL  CS_RGB(0xe69f00)
#define CS_DECODE   CS_RGB(0x56b4e9)
#define CS_LOADING  CS_RGB(0xf0e442)
#define CS_FAILED   CS_RGB(0xd55e00)
#define CS_DRAINING CS_RGB(0xcc79a7)
#define CS_GONE     CS_RGB(0x232a33)
#define CS_GOOD     CS_RGB(0x2fc493)
#define CS_BAD      CS_RGB(0xff8a4c)
#define CS_CHOSEN   CS_RGB(0xffffff)

#endif
