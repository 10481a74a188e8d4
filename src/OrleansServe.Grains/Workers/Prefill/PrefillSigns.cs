using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Channels;
using OrleansServe.Transfer;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>
/// Tells gateways whose prompts wait here, or are computed, that the engine's thread gets on: a worker whose thread stands still says nothing, however well its process answers. The
/// channels that this goes over are what a gateway notices the worker's end by. Belongs to the engine's thread.
/// </summary>
internal sealed class PrefillSigns : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly GatewayStreams _streams;
    private readonly IReadOnlyCollection<PrefillSequence> _held;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _sentAt;

    /// <param name="plane">Reaches the gateways.</param>
    /// <param name="worker">Who speaks.</param>
    /// <param name="held">The prompts that it has.</param>
    /// <param name="time">The clock.</param>
    /// <param name="thread">The engine's thread.</param>
    public PrefillSigns(IDataPlane plane, WorkerId worker, IReadOnlyCollection<PrefillSequence> held, TimeProvider time, EngineThread thread)
    {
        _streams = new GatewayStreams(plane, worker);
        _held = held;
        _time = time;
        _sentAt = time.GetTimestamp();
        _timer = time.CreateTimer(_ => thread.Post(SendIfDue), null, Interval, Interval);
    }

    /// <summary>The channel for one more prompt; it must be closed.</summary>
    /// <param name="gateway">Who listens; null where nobody does.</param>
    /// <exception cref="PeerUnreachableException">The gateway cannot be reached.</exception>
    public GatewayStream? Open(string? gateway)
    {
        if (gateway is null)
        {
            return null;
        }

        GatewayStream stream = _streams.Open(gateway);
        stream.Requests++;
        return stream;
    }

    /// <summary>A prompt is done with its channel.</summary>
    public static void Close(GatewayStream? stream)
    {
        if (stream is not null)
        {
            stream.Requests--;
        }
    }

    /// <summary>Speaks where it is time to. To be called now and then while a step takes long, since the timer's call waits for the step's end.</summary>
    public void SendIfDue()
    {
        if (_time.GetElapsedTime(_sentAt) < Interval)
        {
            return;
        }

        _sentAt = _time.GetTimestamp();
        foreach (PrefillSequence sequence in _held)
        {
            if (!sequence.Answered)
            {
                sequence.Stream?.Frame.AddSignOfLife(sequence.Request.WatchId);
            }
        }

        _streams.Flush();
        _streams.RemoveClosed();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _streams.Dispose();
    }
}
