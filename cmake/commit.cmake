# cmake -D OUTPUT=FILE -D ROOT=FOLDER -P commit.cmake
#
# Writes the commit that ROOT is at as a C++ string for cli/commands/version.cpp; an empty one outside of
# git, as in a tarball. A file that says so already stays untouched, so that nothing is compiled again.
execute_process(
  COMMAND git -C ${ROOT} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  set(commit "")
endif()
set(content "\"${commit}\"\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT content STREQUAL before OR NOT EXISTS ${OUTPUT})
  file(WRITE ${OUTPUT} "${content}")
endif()
