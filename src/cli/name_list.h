/* Lists of names, such as those of columns. */
#ifndef MARQ_CLI_NAME_LIST_H
#define MARQ_CLI_NAME_LIST_H

#include <stddef.h>

/** Names in one block of text. */
typedef struct name_list {
  char *text;
  const char **names;
  size_t count;
} name_list;

/** Split TEXT, the value of an option, at commas, but for those within "quotes" ("" is a quote there); copy names,
 * which replace those in the list. Return how to exit. */
int name_list_make(name_list *list, const char *option, const char *text);
int name_list_copy(name_list *list, const char *const *names, size_t count);
void name_list_free(name_list *list);

#endif
