// Plays a tone of data.hz when data.changes is another number than before.
export default function ({ data, parentElement }) {
  const heard = parentElement.heard
  parentElement.heard = data.changes
  if (heard === undefined || heard === data.changes || !data.hz) return
  const audio = (window.mudraAudio ??= new AudioContext())
  audio.resume()  // a page that nobody has touched yet stays silent
  const tone = new OscillatorNode(audio, { frequency: data.hz, type: "triangle" })
  const volume = new GainNode(audio, { gain: 0 })
  const now = audio.currentTime
  volume.gain.linearRampToValueAtTime(0.25, now + 0.01)
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.3)
  tone.connect(volume).connect(audio.destination)
  tone.start(now)
  tone.stop(now + 0.3)
  window.mudraTones = (window.mudraTones ?? 0) + 1
}
