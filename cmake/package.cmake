# `cmake --install` and the Debian package: the program, its man pages, what shells complete, and the
# configs. Both take the program alone from the build; tests need not have been built.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wattgrind)
set(CPACK_PACKAGE_VENDOR "The Wattgrind authors")
set(CPACK_PACKAGE_CONTACT "The Wattgrind authors <wattgrind@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "cost of a neural network on a CPU, in cycles and joules")
set(CPACK_PACKAGE_DESCRIPTION
  "Wattgrind generates CPU kernels for a network, counts what they do to the memory hierarchy, and
tells time and energy layer by layer for any machine that has a profile, without a power meter.")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Valgrind for `--counts cachegrind`; curl and certificates are looked for when a data set is fetched.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "valgrind, libcurl4, ca-certificates")
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/compress_manual.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
