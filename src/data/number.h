/* Reading a double out of text that is known to end: the form the table reader uses. */
#ifndef MARQ_DATA_NUMBER_H
#define MARQ_DATA_NUMBER_H

#include <stddef.h>

/** Read one double from [text, end) and return where it ends; `text` itself when no number begins there.
 *  Correctly rounded (to nearest, ties to even); overflow gives an infinity, underflow a zero. */
const char *marq_number_scan(const char *text, const char *end, double *value);

#endif
