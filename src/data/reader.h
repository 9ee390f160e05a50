/* A table being read, with the size of its buffer as an argument: tests make rows cross its end. */
#ifndef MARQ_DATA_READER_H
#define MARQ_DATA_READER_H

#include <marq/data.h>

marq_status marq_table_open_buffered(const char *path, const marq_table_options *options, size_t buffer_bytes,
                                     marq_table_reader **reader, marq_error *error);

/** Number labels in their final order: map[old] = new, as many as marq_table_reader_classes says.
 * MARQ_ENOMEM. */
marq_status marq_table_reader_sort_labels(marq_table_reader *reader, size_t *map);
/** 1 when the numbers of column k come from words that were found. */
int marq_table_reader_found_words(const marq_table_reader *reader, size_t k);

#endif
