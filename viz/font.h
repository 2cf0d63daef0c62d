/* Font: which file the window's words are drawn from.
 *
 * The project holds no font: DejaVu Sans is looked for where distributions put it, then others that
 * have the few signs we use. $CAPSIM_FONT names a TrueType file that goes before them all.
 *
 * NULL when there is none; the caller says what to install.
 */
#ifndef CS_VIZ_FONT_H
#define CS_VIZ_FONT_H

const char *cs_font_find(void);

#endif
