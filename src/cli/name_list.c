/* Lists of names; see name_list.h. */
#include "name_list.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

/* "a ""b"", c" in quotes as in CSV: the text is made shorter in place. Returns what comes behind it, or NULL. */
static char *unquote(char *text) {
  char *out = text;
  const char *in = text + 1;
  for (;; in++) {
    if (*in == '\0') return NULL;
    if (*in == '"' && *++in != '"') break;
    *out++ = *in;
  }
  char *rest = text + (in - text);
  rest += strspn(rest, " \t");
  const int last = *rest == '\0';
  if (!last && *rest != ',') return NULL;
  *out = '\0';
  return last ? rest : rest + 1;
}

int name_list_make(name_list *list, const char *option, const char *text) {
  size_t room = 1;
  for (const char *c = text; *c; c++) room += *c == ',';
  list->text = malloc(strlen(text) + 1);
  list->names = calloc(room, sizeof *list->names);
  if (!list->text || !list->names) return message_out_of_memory();
  strcpy(list->text, text);
  for (char *part = list->text, *next; part; part = next) {
    part += strspn(part, " \t");
    if (*part == '"') {
      const char *begin = text + (part - list->text);
      next = unquote(part);
      if (!next) return message_fail(exit_usage, "--%s: the quotes at '%s' enclose no whole name", option, begin);
      if (!*part) return message_fail(exit_usage, "--%s: '%s' has an empty name", option, text);
      list->names[list->count++] = part;
      if (next[-1] != ',') break;
      continue;
    }
    next = strchr(part, ',');
    if (next) *next++ = '\0';
    for (size_t end = strlen(part); end && strchr(" \t", part[end - 1]); end--) part[end - 1] = '\0';
    if (!*part) return message_fail(exit_usage, "--%s: '%s' has an empty place between commas", option, text);
    list->names[list->count++] = part;
  }
  return exit_done;
}

int name_list_copy(name_list *list, const char *const *names, size_t count) {
  size_t length = 1;
  for (size_t k = 0; k < count; k++) length += strlen(names[k]) + 1;
  name_list_free(list);
  list->text = malloc(length);
  list->names = calloc(count + 1, sizeof *list->names);
  if (!list->text || !list->names) return message_out_of_memory();
  char *place = list->text;
  for (; list->count < count; list->count++) {
    list->names[list->count] = strcpy(place, names[list->count]);
    place += strlen(place) + 1;
  }
  return exit_done;
}

void name_list_free(name_list *list) {
  free(list->text);
  free(list->names);
  memset(list, 0, sizeof *list);
}
