using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>
/// Frames that a channel has sent and the gateway has not confirmed, as bytes, oldest first; acknowledged ≤ position of any kept frame ≤ last. A ring whose
/// memory is used again: a steady stream allocates nothing. Not thread-safe.
/// </summary>
internal sealed class TokenOutbox(int byteLimit, int frameLimit)
{
    private const int KeptBytes = 64 * 1024;

    private WireBuffer[] _slots = [new(), new(), new(), new()];
    private ulong _acknowledged;

    /// <summary>Position of the last frame; 0 before the first.</summary>
    public ulong Last { get; private set; }

    /// <summary>Position up to which the gateway has confirmed.</summary>
    public ulong Acknowledged => _acknowledged;

    /// <summary>Bytes kept.</summary>
    public int Bytes { get; private set; }

    /// <summary>Encodes a frame and keeps it.</summary>
    /// <returns>Null, or which limit the frame would break; nothing is kept then.</returns>
    public string? Add(TokenFrame frame)
    {
        int kept = (int)(Last - _acknowledged);
        if (kept == _slots.Length)
        {
            Grow();
        }

        WireBuffer slot = SlotOf(Last + 1);
        slot.Clear(KeptBytes);
        TokenFrameCodec.Write(Last + 1, frame, slot);
        if (slot.Count > frameLimit)
        {
            return $"a token frame of {slot.Count} bytes is longer than {frameLimit}, the limit";
        }

        if (Bytes + slot.Count > byteLimit)
        {
            return $"{Bytes + slot.Count} bytes of token frames wait for the gateway to confirm them, the limit is {byteLimit}";
        }

        Bytes += slot.Count;
        Last++;
        return null;
    }

    /// <summary>A kept frame.</summary>
    /// <param name="position">Above <see cref="Acknowledged"/>, at most <see cref="Last"/>.</param>
    public ReadOnlySpan<byte> Frame(ulong position) => SlotOf(position).Span;

    /// <summary>The gateway has everything up to a position.</summary>
    /// <exception cref="WireFormatException">That has not been sent.</exception>
    public void Acknowledge(ulong position)
    {
        if (position > Last)
        {
            throw new WireFormatException($"token frame {position} is confirmed, the last that was sent is {Last}");
        }

        while (_acknowledged < position)
        {
            Bytes -= SlotOf(++_acknowledged).Count;
        }
    }

    private WireBuffer SlotOf(ulong position) => _slots[position % (ulong)_slots.Length];

    private void Grow()
    {
        WireBuffer[] larger = new WireBuffer[_slots.Length * 2];
        for (ulong position = _acknowledged + 1; position <= Last; position++)
        {
            larger[position % (ulong)larger.Length] = SlotOf(position);
        }

        for (int i = 0; i < larger.Length; i++)
        {
            larger[i] ??= new WireBuffer();
        }

        _slots = larger;
    }
}
