/* The library that a plugin is linked with and that is not there when it is loaded. */
int gone(void);
int gone(void) {
    return 0;
}
