-- SPDX-License-Identifier: Apache-2.0
-- For Orthanc: sends each new image to `evenray serve` and stores the result, a Secondary Capture,
-- in the same study. Name this file in "LuaScripts" of Orthanc's configuration, and give its
-- process two environment variables:
--   EVENRAY_URL    for example http://127.0.0.1:8080
--   EVENRAY_TOKEN  what `evenray serve user add orthanc --role device` printed

local server = os.getenv("EVENRAY_URL") or "http://127.0.0.1:8080"
local headers = {
  ["Authorization"] = "Bearer " .. (os.getenv("EVENRAY_TOKEN") or ""),
  ["Content-Type"] = "application/dicom"
}
local longest_wait = 15 -- times 20 s, while the server analyses others

function OnStoredInstance(id, tags, metadata)
  if tags["Manufacturer"] == "evenray" then
    return -- its own result
  end
  local sent = HttpPost(server .. "/api/upload", RestApiGet("/instances/" .. id .. "/file", false),
                        headers)
  local answer = sent and ParseJson(sent)
  if not answer or not answer["id"] then
    print("evenray did not take an image")
    return
  end
  local exam = server .. "/api/exams/" .. answer["id"]
  for _ = 1, longest_wait do
    local result = HttpGet(exam .. "?wait_s=20", headers)
    local state = result and ParseJson(result)["state"]
    if state == "done" then
      RestApiPost("/instances", HttpGet(exam .. "/capture.dcm", headers))
      return
    elseif state ~= "waiting" then
      break
    end
  end
  print("evenray has no result for an image")
end
