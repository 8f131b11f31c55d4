// The choice of a camera is remembered, and another one opened where it is gone.
import assert from "node:assert/strict"
import test, { beforeEach } from "node:test"

const { listCameras, openCamera, rememberCamera } =
  await import("../../../pages/components/stage/devices.js")

const WANTED = { video: { frameRate: { ideal: 15 } }, audio: false }
let items, asked, problems, devices

beforeEach(() => {
  items = new Map()
  asked = []
  problems = []
  devices = []
  globalThis.window = { isSecureContext: true }
  globalThis.localStorage = {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => items.set(name, value),
  }
  const mediaDevices = {
    enumerateDevices: async () => devices,
    getUserMedia: async (constraints) => {
      asked.push(constraints)
      const name = problems.shift()
      if (name) throw { name }
      return "stream"
    },
  }
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true })
})

const ids = () => asked.map(({ video }) => video.deviceId?.exact)

test("any camera is opened until one was chosen, then that one, with what is wanted of it", async () => {
  await openCamera(WANTED)
  rememberCamera("left")
  assert.equal(await openCamera(WANTED), "stream")
  assert.deepEqual(ids(), [undefined, "left"])
  assert.deepEqual(asked[1].video.frameRate, { ideal: 15 })
  assert.deepEqual(JSON.parse(items.get("streamlit-webrtc:device-ids")), { video: "left" })
})

test("where the chosen camera is gone another one is opened, and the choice stays", async () => {
  rememberCamera("left")
  for (const name of ["OverconstrainedError", "NotFoundError"]) {
    asked = []
    problems = [name]
    assert.equal(await openCamera(WANTED), "stream")
    assert.deepEqual(ids(), ["left", undefined])
  }
  await openCamera(WANTED)
  assert.equal(ids().at(-1), "left")
})

test("a chosen camera that may not be used is said, and no other one asked for", async () => {
  rememberCamera("left")
  problems = ["NotAllowedError"]
  await assert.rejects(openCamera(WANTED), { name: "NotAllowedError" })
  assert.deepEqual(ids(), ["left"])
})

test("where the address is not secure there is none to ask", async () => {
  window.isSecureContext = false
  await assert.rejects(openCamera(WANTED), { name: "Insecure" })
  assert.deepEqual(asked, [])
})

test("cameras are called by their side, their label or their number", async () => {
  devices = [
    { kind: "audioinput", deviceId: "m", label: "Microphone" },
    { kind: "videoinput", deviceId: "a", label: "camera2 0, facing back" },
    { kind: "videoinput", deviceId: "b", label: "USB camera" },
    { kind: "videoinput", deviceId: "c", label: "" },
  ]
  assert.deepEqual(await listCameras(), [
    { id: "a", label: "Back camera" }, { id: "b", label: "USB camera" }, { id: "c", label: "Camera 3" },
  ])
})
