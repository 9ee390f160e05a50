/* Values of options that several verbs have. */
#ifndef MARQ_CLI_OPTION_VALUES_H
#define MARQ_CLI_OPTION_VALUES_H

/** A picture's file, by its ending. Returns exit_done, or exit_usage with a message. */
int option_picture(const char *option, const char *path, const char **out);
/** A whole number from least to most. Returns as that. */
int option_whole(const char *option, const char *text, unsigned long least, unsigned long most, unsigned long *value);

#endif
