/* The verbs of the command. */
#ifndef MARQ_CLI_VERBS_H
#define MARQ_CLI_VERBS_H

#include "arguments.h"

extern const argument_verb verb_compare, verb_evaluate, verb_fit, verb_list, verb_predict, verb_ridge, verb_train;

#endif
