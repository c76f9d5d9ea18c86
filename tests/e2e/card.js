// Reads the test card out of the first <video> of a page; given to every page before its own scripts.
window.readCard = () => {
  const video = document.querySelector("video");
  if (!video || video.readyState < 2 || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  const [width, height] = [video.videoWidth, video.videoHeight];
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const mean = (x, y, w, h) => {
    const { data } = context.getImageData(x, y, w, h);
    const sums = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c += 1) sums[c] += data[i + c];
    return sums.map((sum) => (4 * sum) / data.length);
  };
  const bits = Array.from({ length: 32 }, (_, i) => (mean(16 * i + 4, height - 28, 8, 8)[1] > 125 ? 1 : 0));
  const number = (part) => part.reduce((value, bit) => 2 * value + bit, 0);
  const frame = number(bits.slice(0, 16));
  if ((frame ^ number(bits.slice(16))) !== 0xffff) return null;
  return { frame, colour: mean(width / 16, height / 8, width / 8, height / 4) };
};

window.shows = (colour) => {
  const card = window.readCard();
  return card !== null && card.colour.every((value, c) => Math.abs(value - colour[c]) <= 16);
};

window.advancedBy = (count) => {
  const card = window.readCard();
  if (!card) return false;
  window.firstFrame ??= card.frame;
  return card.frame - window.firstFrame >= count;
};

// Every message that comes over any data channel, so that a test can count them.
window.heard = [];
const createDataChannel = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function record(...options) {
  const channel = createDataChannel.apply(this, options);
  channel.addEventListener("message", ({ data }) => window.heard.push(JSON.parse(data)));
  return channel;
};
