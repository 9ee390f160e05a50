/* Words that stand for classes; see labels.h. Found by a hash table that is never more than half full. */
#include "data/labels.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/number.h"

/* FNV-1a (Fowler, Noll & Vo). */
static uint64_t hash(const char *name) {
  uint64_t h = 14695981039346656037U;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 1099511628211U;
  return h;
}

/* The slot of a label, or the empty one where it belongs. */
static size_t slot_of(const marq_labels *labels, const char *name) {
  size_t at = (size_t)hash(name) & (labels->slot_count - 1);
  while (labels->slots[at] && strcmp(labels->names[labels->slots[at] - 1], name) != 0) {
    at = (at + 1) & (labels->slot_count - 1);
  }
  return at;
}

static void fill_slots(marq_labels *labels) {
  memset(labels->slots, 0, labels->slot_count * sizeof *labels->slots);
  for (size_t i = 0; i < labels->count; i++) labels->slots[slot_of(labels, labels->names[i])] = i + 1;
}

static marq_status grow(marq_labels *labels) {
  const size_t capacity = labels->capacity ? 2 * labels->capacity : 16;
  char **names = realloc(labels->names, capacity * sizeof *names);
  if (!names) return MARQ_ENOMEM;
  labels->names = names;
  size_t *slots = malloc(2 * capacity * sizeof *slots);
  if (!slots) return MARQ_ENOMEM;
  free(labels->slots);
  labels->slots = slots;
  labels->slot_count = 2 * capacity;
  labels->capacity = capacity;
  fill_slots(labels);
  return MARQ_OK;
}

marq_status marq_labels_add(marq_labels *labels, const char *name) {
  if (labels->count == marq_labels_most) return MARQ_ESIZE;
  if (labels->count == labels->capacity) {
    const marq_status status = grow(labels);
    if (status) return status;
  }
  const size_t bytes = strlen(name) + 1;
  char *copy = malloc(bytes);
  if (!copy) return MARQ_ENOMEM;
  memcpy(copy, name, bytes);
  labels->names[labels->count++] = copy;
  labels->slots[slot_of(labels, name)] = labels->count;
  return MARQ_OK;
}

size_t marq_labels_find(const marq_labels *labels, const char *name) {
  if (!labels->count) return 0;
  const size_t slot = labels->slots[slot_of(labels, name)];
  return slot ? slot - 1 : labels->count;
}

static int is_number(const char *name) {
  double value;
  const char *const end = name + strlen(name);
  return *name && marq_number_scan(name, end, &value) == end;
}

marq_status marq_labels_begin(marq_labels *labels, const char *const *names, size_t count, marq_error *error) {
  memset(labels, 0, sizeof *labels);
  labels->given = count > 0;
  for (size_t i = 0; i < count; i++) {
    const size_t length = strlen(names[i]);
    if (!length || length > marq_label_bytes) {
      return marq_fail(error, MARQ_EINVAL, "label %zu has %zu bytes; expected 1 to %d", i + 1, length,
                       marq_label_bytes);
    }
    if (marq_labels_find(labels, names[i]) < labels->count) {
      return marq_fail(error, MARQ_EINVAL, "label '%.64s' is there twice", names[i]);
    }
    const marq_status status = marq_labels_add(labels, names[i]);
    if (status == MARQ_ESIZE) return marq_fail(error, status, "more than %d labels", marq_labels_most);
    if (status) return marq_fail(error, status, "no memory for %zu labels", count);
    labels->numeric |= is_number(names[i]);
  }
  return MARQ_OK;
}

typedef struct entry {
  char *name;
  size_t old;
} entry;

static int compare(const void *a, const void *b) {
  const entry *x = a, *y = b;
  return strcmp(x->name, y->name);
}

marq_status marq_labels_sort(marq_labels *labels, size_t *map) {
  entry *entries = malloc(labels->count * sizeof *entries);
  if (!entries) return labels->count ? MARQ_ENOMEM : MARQ_OK;
  for (size_t i = 0; i < labels->count; i++) entries[i] = (entry){labels->names[i], i};
  qsort(entries, labels->count, sizeof *entries, compare);
  for (size_t i = 0; i < labels->count; i++) {
    labels->names[i] = entries[i].name;
    map[entries[i].old] = i;
  }
  free(entries);
  fill_slots(labels);
  return MARQ_OK;
}

char *marq_labels_text(const marq_labels *labels, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = '\0';
  for (size_t i = 0; i < labels->count; i++) {
    if (used + strlen(labels->names[i]) + 8 > size) {
      snprintf(buffer + used, size - used, ", …");
      break;
    }
    used += (size_t)snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", labels->names[i]);
  }
  return buffer;
}

void marq_labels_free(marq_labels *labels) {
  for (size_t i = 0; i < labels->count; i++) free(labels->names[i]);
  free(labels->names);
  free(labels->slots);
  memset(labels, 0, sizeof *labels);
}
