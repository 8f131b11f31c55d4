// A short tone; a page that nobody has touched yet stays silent.
/** @param {number} hz */
export function playTone(hz) {
  const audio = (window.mudraAudio ??= new AudioContext())
  audio.resume()
  const tone = new OscillatorNode(audio, { frequency: hz, type: "triangle" })
  const volume = new GainNode(audio, { gain: 0 })
  const now = audio.currentTime
  volume.gain.linearRampToValueAtTime(0.25, now + 0.01)
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.3)
  tone.connect(volume).connect(audio.destination)
  tone.start(now)
  tone.stop(now + 0.3)
  window.mudraTones = (window.mudraTones ?? 0) + 1
}
