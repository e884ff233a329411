/*
 * A password that lies in a file of its own.
 */
#ifndef DTUHUB_CONFIG_PASSWORD_FILE_H
#define DTUHUB_CONFIG_PASSWORD_FILE_H

/**
 * password_file_read(config_path, file, problem): the content of ${file} without its closing
 * newline; a relative path starts from the folder of ${config_path}. Return a new text, or NULL and
 * in ${problem} a new text that says what is wrong. The caller wipes and frees the password.
 */
char *password_file_read(const char *config_path, const char *file, char **problem);

#endif
