/* A table being read, with the size of its buffer as an argument: tests make rows cross its end. */
#ifndef MARQ_DATA_READER_H
#define MARQ_DATA_READER_H

#include <marq/data.h>

marq_status marq_table_open_buffered(const char *path, const marq_table_options *options, size_t buffer_bytes,
                                     marq_table_reader **reader, marq_error *error);

#endif
