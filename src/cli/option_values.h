/* Values of options that several verbs have. */
#ifndef MARQ_CLI_OPTION_VALUES_H
#define MARQ_CLI_OPTION_VALUES_H

#include <marq/loss.h>
#include <stddef.h>

/** A picture's file, by its ending. Returns exit_done, or exit_usage with a message. */
int option_picture(const char *option, const char *path, const char **out);
/** A whole number from least to most (ULONG_MAX: any). Return as that. */
int option_whole(const char *option, const char *text, unsigned long least, unsigned long most, unsigned long *value);
int option_size(const char *option, const char *text, unsigned long least, unsigned long most, size_t *value);
/** Leave blanks and tabs at both ends out. */
void option_trim(const char **text, size_t *length);
/** 1 when text[0..length) is one finite number. */
int option_is_finite(const char *text, size_t length, double *value);

/** Of --loss: one by its name, NULL for squared. Returns as option_whole. */
int option_loss(const char *name, const marq_loss **loss);
/** Of --loss-scale: a number above 0, or mad, which gives 0: estimated. Returns as option_whole. */
int option_loss_scale(const char *text, double *scale);
/** Of --ridge: how a penalty is chosen. Returns as option_whole. */
int option_ridge_choice(const char *text, const char **choice);

/** Options whose value is kept as it stands, and flags. */
typedef struct option_text {
  const char *name, **text;
} option_text;
typedef struct option_flag {
  const char *name;
  int *flag;
} option_flag;
/** Take an option if it is one of these. Return 1 when it is. */
int option_take_text(const option_text *list, size_t count, const char *name, const char *value);
int option_take_flag(const option_flag *list, size_t count, const char *name);

#endif
