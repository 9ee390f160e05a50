/* Columns of a table, found by the names that options give. */
#ifndef MARQ_CLI_TABLE_COLUMNS_H
#define MARQ_CLI_TABLE_COLUMNS_H

#include <marq/data.h>

/** "x, y, z" (shortened when there are many), for messages. Returns buffer. */
char *table_names_text(const marq_table_reader *reader, char *buffer, size_t size);
/** Index of a column by name, or the number of columns. */
size_t table_find(const marq_table_reader *reader, const char *name);
/** The same where there must be one, or a message that the option wants it. Returns how to exit. */
int table_find_for(const marq_table_reader *reader, const char *path, const char *option, const char *name,
                   size_t *index);
/** The column of the table that stands at `source` in the file, of which those marked in keep were read. */
marq_column table_kept(const marq_table *table, const unsigned char *keep, size_t source);
/** Of --weights, the column `name`: no weight is below 0, and one is above. Returns how to exit. */
int table_check_weights(const marq_table *table, const char *path, marq_column weights, const char *name);

#endif
