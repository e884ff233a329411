/*
 * ${NAME} in a value stands for the environment variable NAME, $$ for one dollar; any other dollar
 * is itself.
 */
#ifndef DTUHUB_CONFIG_ENV_H
#define DTUHUB_CONFIG_ENV_H

/**
 * env_expand(text, problem): return a new text, or NULL and in ${problem} a new text that says what
 * is wrong and the way out (it shows names of variables, never their values). Reads the
 * environment: not while another thread changes it.
 */
char *env_expand(const char *text, char **problem);

#endif
