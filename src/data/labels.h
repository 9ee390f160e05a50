/* Words in a table that stand for classes: each distinct one has a number. */
#ifndef MARQ_DATA_LABELS_H
#define MARQ_DATA_LABELS_H

#include <marq/base.h>

enum { marq_labels_most = 4096, marq_label_bytes = 256 };

typedef struct marq_labels {
  char **names;
  size_t count, capacity;
  size_t *slots; /* open addressing: number + 1, or 0 */
  size_t slot_count;
  int given;   /* 1: the caller's list, to which nothing is added */
  int numeric; /* 1: one of the caller's labels is a number, so that numbers are labels, too */
} marq_labels;

/** Begin with the caller's labels, in the order of their numbers; none (count 0): they are found. MARQ_EINVAL for a
 * label that is empty, too long or there twice. */
marq_status marq_labels_begin(marq_labels *labels, const char *const *names, size_t count, marq_error *error);
/** Number of a label, or the count of labels when there is none such. */
size_t marq_labels_find(const marq_labels *labels, const char *name);
/** Append a label that is not there. MARQ_ENOMEM, MARQ_ESIZE (too many). */
marq_status marq_labels_add(marq_labels *labels, const char *name);
/** Number labels anew, by their bytes; map[old] = new, [count]. MARQ_ENOMEM. */
marq_status marq_labels_sort(marq_labels *labels, size_t *map);
/** The labels as they stand in messages: "a, b, c, …". Returns buffer. */
char *marq_labels_text(const marq_labels *labels, char *buffer, size_t size);
void marq_labels_free(marq_labels *labels);

#endif
