# cmake -D OUTPUT=FILE -D ROOT=FOLDER -D "FILES=folder/name.json;..." -P embed_files.cmake
#
# Writes one initialiser a file, {"folder", "name", {"text", bytes}}, for estimator/formats/builtin_files.cpp; with
# -D WHOLE_NAMES=ON names keep their endings, as cli/serve/pages.cpp wants them.
set(content "")
foreach(file IN LISTS FILES)
  get_filename_component(folder ${file} DIRECTORY)
  if(WHOLE_NAMES)
    get_filename_component(name ${file} NAME)
  else()
    get_filename_component(name ${file} NAME_WE)
  endif()
  file(READ ${ROOT}/${file} text)
  string(LENGTH "${text}" bytes)
  string(APPEND content "{\"${folder}\", \"${name}\", {R\"wattgrind(${text})wattgrind\", ${bytes}}},\n")
endforeach()
file(WRITE ${OUTPUT} "${content}")
