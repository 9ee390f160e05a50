/* Read by clang-tidy before each file (see .ci/run), by no compiler. Its analyser does not look across files: it must
 * be told that what fails returns the status it is given. */
#include <marq/base.h>
#define marq_fail(error, status, ...) ((void)marq_fail((error), (status), __VA_ARGS__), (status))

#ifdef MARQ_ANALYSE_COMMAND
#include "../src/cli/message.h"
#define message_fail(code, ...) ((void)message_fail((code), __VA_ARGS__), (code))
#define message_fail_at(code, ...) ((void)message_fail_at((code), __VA_ARGS__), (code))
#endif
