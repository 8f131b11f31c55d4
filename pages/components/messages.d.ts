// Types by which the JavaScript is checked. First the live channel's messages: TypedDicts of the same
// names in core/live, core/actions/rules.py and stage/__init__.py, held alike by tests/pages/test_messages.py.

interface Bar {
  emoji: string
  name: string
  share: number
  most: boolean
}

interface HandAnswer {
  emoji: string
  name: string
  note: string
  bars: Bar[]
}

interface BrowserCrop {
  region: number[]
  jpeg: string
}

interface BrowserPose {
  keypoints: number[][]
  world: number[][]
  score: number
  side?: string
  visibility?: number[]
}

interface BrowserFrame {
  n: number
  t: number
  size: number[]
  spent: number
  by: string
  poses: BrowserPose[]
  crops?: (BrowserCrop | null)[]
}

interface FrameCrops {
  n: number
  crops: (BrowserCrop | null)[]
}

interface CameraMessage {
  page: string
  now: number
  opening: boolean
  frames: BrowserFrame[]
  crops?: FrameCrops[]
}

interface Card {
  id: number
  name: string
  emoji: string
  moves: boolean
  samples: number
  how: string
  crops: number[]
}

interface CardsRecording {
  gesture: number | null
  since: number | null
  short: string
  long: string
}

interface DifferentSamples {
  gesture: number
  ids: number[]
  total: number
}

interface CardsState {
  mode: string
  off: string
  alert: string
  problem: string
  refused: number
  note: string
  chosen: number | null
  recording: CardsRecording | null
  different: DifferentSamples | null
  clicks: [number, number][]
  edits: number
  recorded: number
  can_edit: boolean
  cards: Card[]
}

interface CardsCommand {
  n: number
  kind: string
  gesture?: number
  held?: number
  sample?: number
  name?: string
  emoji?: string
  moves?: boolean
  ids?: number[]
}

interface FiredEffect {
  n: number
  effect: string
  value: string
}

interface EffectsState {
  on: boolean
  stopped: boolean
  fired: FiredEffect[]
  uses: string[]
  text: string
  problem: string
}

interface StateMessage {
  turn: number
  applied: Record<string, number>
  state: Record<string, unknown>
}

interface ProblemMessage {
  problem: string
}

interface Answer {
  hands: HandAnswer[]
  problem: string
  drift: string
  motions: string
  rates: string
}

interface People {
  numbers: number[]
  chosen: number
}

interface HandLabel {
  side: string | null
  text: string
  color: string
  at: number[]
}

interface CameraState {
  by: string | null
  count: number
  paused: boolean
  bare: boolean
  recording: boolean
  crops: boolean
  names: HandLabel[]
  keeps: boolean
  asked: number[]
  note: string
  page: string
  received: number
}

interface Tone {
  changes: number
  hz: number
}

interface Lines {
  texts?: string[]
  errors: string[]
  tone?: Tone | null
}

interface TrainingState {
  over: boolean
  fraction: number
  text: string
  curve: number[]
}


// ---------------------------------------------------------------------- messages within the page

// A command of the page; it is applied once.
interface Command {
  page: string
  n: number
  to: string
  kind: string
  at: number
}
type CommandFields = Partial<Omit<CardsCommand, "n" | "kind">> & { number?: number }

type ChannelStatus = "open" | "lost" | "silent" | "gone"
interface ChannelAddress {
  path: string
  token: string
}
interface ChannelWatcher {
  opened?(): void
  lost?(): void
  changed?(status: ChannelStatus): void
  failed?(problem: string): void
}

// Texts by what they are about.
type Words = Record<string, string>

interface FoundPose extends Omit<BrowserPose, "score"> {
  score?: number
}
interface Finder {
  task: "HandLandmarker" | "PoseLandmarker"
  model: string
  edges: [number, number][]
  colors: string[]
  around: number
  visible: number
  together: boolean
  words: Words
}

interface WorkerFiles {
  library: string
  loader: string
  wasm: string
  model: string
  task: Finder["task"]
  count: number
}
type WorkerMessage = { open: WorkerFiles } | { count: number } | { picture: ImageBitmap; t: number }
interface FoundFrame {
  found: BrowserPose[]
  picture: ImageBitmap
  t: number
}

// Of MediaPipe's library.
interface Landmark {
  x: number
  y: number
  z: number
  visibility: number
}
interface Landmarks {
  landmarks: Landmark[][]
  worldLandmarks: Landmark[][]
  handedness?: { categoryName: string; score: number }[][]
}
interface Landmarker {
  detectForVideo(picture: ImageBitmap, t: number): Landmarks
  setOptions(options: object): Promise<void>
}
declare const WORKER: string // the text of worker.js

// ------------------------------------------------------------------------ arguments of components

// What Streamlit calls a component with; `State` is kept on its element.
interface Component<Data, State = object, Root = HTMLElement> {
  data: Data
  parentElement: Root & Partial<State>
  setStateValue(name: string, value: unknown): void
  setTriggerValue(name: string, value: unknown): void
}
interface Stops {
  stop: () => void
}

interface AnswerData {
  hands: HandAnswer[]
  topic: string
  details: boolean
}
interface CameraData {
  place: "browser" | "server"
  wanted: { video: MediaTrackConstraints }
  words: Words
  links: boolean
  playing?: boolean
  ended?: string
  files?: Record<string, string>
  finders?: Record<string, Finder>
}
interface CardsData {
  topic: string
  state: CardsState
  signs: string[]
  drawn: { edits: number; recorded: number }
}
interface ConnectionData {
  channel: ChannelAddress
  language: string
}
interface EffectsData {
  topic: string
}
interface LinesData {
  topic: string
}
interface PeopleData {
  topic: string
  colors: string[]
}
interface TrainingData {
  topic: string
  state: TrainingState
}

interface CameraProbeData {
  heard: boolean
}
interface ClipData {
  picture: string
}
interface Tile {
  id: number
  title: string
  jpeg: string
  note: string
}
interface SampleGridData {
  tiles: Tile[]
  picked: number[]
  turn: number
}
interface ShownPictureData {
  still: string
  clicks: boolean
  fits: boolean
}
type XYWH = [x: number, y: number, width: number, height: number]
interface PersonBoxesData {
  picture: string
  width: number
  height: number
  turn: string
  boxes: XYWH[]
  colours: string[]
}

interface BoxDrag {
  n: number
  resizes: boolean
  from: [x: number, y: number]
  box: XYWH | null
  moved: boolean
  isNew?: boolean
}
interface PersonBoxesState {
  turn: string
  boxes: XYWH[]
  chosen: number
  drag: BoxDrag | null
  timer: number
}

type Point3 = [x: number, y: number, z: number]
interface SkeletonData {
  edges: [number, number][]
  colors: string[]
}
interface DepthCube {
  centre: Point3
  half: number
  side: number
  steps: string // base64
  rays: [number, number, number, number]
}
type Joints = (Point3 | null)[]
interface DepthFrame {
  i: number
  t: number
  broken?: string
  camera: { width: number; height: number; fx: number; fy: number; u0: number; v0: number }
  jpeg?: string
  how?: "tracked" | "rgb" | "depth" | "slices" | null
  said?: string
  box?: [left: number, top: number, right: number, bottom: number] | null
  cube?: DepthCube | null
  surface?: DepthSurface | null
  joints?: Joints | null
  truth?: Joints | null
  error?: number | null
}
interface DepthSurface extends Omit<DepthCube, "steps"> {
  steps: Uint8Array
}
// What is seen of a frame in space.
interface DepthScene {
  centre: Point3
  half: number
  surface: DepthSurface | null
  joints?: Joints | null
  truth?: Joints | null
  skeleton: SkeletonData | null
  truthSkeleton: SkeletonData | null
}
interface DepthViewData {
  recording: string
  turn: string
  count: number
  every_ms: number
  half: number
  colours: string
  ticks: number[] | null // m
  skeleton: SkeletonData | null
  truth_skeleton: SkeletonData | null
  from: number | null
  batch: DepthFrame[]
}

// Of the browsers that have serial ports.
interface SerialPort {
  writable: WritableStream<Uint8Array>
  open(options: { baudRate: number }): Promise<void>
}
interface Navigator {
  serial?: { requestPort(): Promise<SerialPort> }
}

// What the page's parts share.
interface Window {
  mudraChannel?: import("./stage/channel.js").Channel
  mudraAudio?: AudioContext
  mudraTones?: number
  mudraPresses?: { last: number }
  mudraHabits?: boolean
}
