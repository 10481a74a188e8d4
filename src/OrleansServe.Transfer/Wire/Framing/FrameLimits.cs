using OrleansServe.Transfer.Kv;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>How long the payload of each type of frame may be, known before anything is allocated for it.</summary>
internal sealed class FrameLimits
{
    /// <summary>Bytes of KV payload and expert rows that precede the data.</summary>
    public const int DataPrefix = 64;

    /// <summary>Bytes that a control frame may have.</summary>
    public const int Control = 2048;

    private readonly int[] _limits = new int[256];

    private FrameLimits() => Array.Fill(_limits, -1);

    /// <summary>What a stranger may send.</summary>
    public static FrameLimits Stranger { get; } = new FrameLimits().Allow(Control, FrameType.Hello);

    /// <summary>What may answer a dialled connection.</summary>
    public static FrameLimits Answer { get; } = new FrameLimits().Allow(Control, FrameType.Welcome, FrameType.Refuse);

    /// <summary>What a dialler may send once it is welcome.</summary>
    public static FrameLimits OfDialler(WireOptions options) => Common()
        .Allow(Control, FrameType.Open)
        .Allow(Math.Min(options.MaxKvBytes, KvPart.MaxBytes) + DataPrefix, FrameType.KvBlock)
        .Allow(0, FrameType.KvCommit, FrameType.TokensEnd)
        .Allow(options.MaxTokenFrameBytes, FrameType.Tokens)
        .Allow(options.MaxExpertBytes, FrameType.ExpertRows);

    /// <summary>What an acceptor may send after its welcome.</summary>
    public static FrameLimits OfAcceptor(WireOptions options) => Common()
        .Allow(sizeof(uint), FrameType.Window)
        .Allow(0, FrameType.KvCommitted)
        .Allow(sizeof(ulong), FrameType.TokensTaken)
        .Allow(options.MaxExpertBytes, FrameType.ExpertOutputs)
        .Allow(Control, FrameType.ExpertFault);

    /// <summary>The limit of a type in bytes; negative for one that is not allowed.</summary>
    public int Of(FrameType type) => _limits[(byte)type];

    private static FrameLimits Common() => new FrameLimits()
        .Allow(sizeof(ulong), FrameType.Ping, FrameType.Pong)
        .Allow(Control, FrameType.Goodbye, FrameType.Reset);

    private FrameLimits Allow(int bytes, params ReadOnlySpan<FrameType> types)
    {
        foreach (FrameType type in types)
        {
            _limits[(byte)type] = bytes;
        }

        return this;
    }
}
