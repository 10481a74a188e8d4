using OrleansServe.Engine.Moe;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;

namespace OrleansServe.Grains.Experts;

/// <summary>The rows of one layer that go to one shard of another silo, and their way there and back. Belongs to one engine's thread.</summary>
internal sealed class RemoteRows(IDataPlane dataPlane, ExpertRoutes.Shard shard) : IDisposable
{
    private ExpertBatch _batch = new();
    private IExpertChannel? _channel;
    private int _next;

    /// <summary>An expert of the batch, to name in an error.</summary>
    public int FirstExpert => _batch.Experts[0];

    /// <summary>Opens the channel if there is none.</summary>
    /// <exception cref="PeerUnreachableException">The shard cannot be reached.</exception>
    public void Open() => _channel ??= dataPlane.OpenExperts(shard.DataPlaneAddress, shard.Worker.Device);

    /// <summary>Begins a batch of so many rows.</summary>
    public void Begin(in ExpertWork work, int rows)
    {
        _batch.Begin(work.Layer, work.Hidden, rows);
        _next = 0;
    }

    /// <summary>Adds the rows of an expert.</summary>
    public void Add(in ExpertWork work, int expert, ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _batch.Experts[_next] = expert;
            work.Input.Span.Slice(slot / work.TopK * work.Hidden, work.Hidden).CopyTo(_batch.Rows[(_next * work.Hidden)..]);
            _next++;
        }
    }

    /// <summary>Sends the batch.</summary>
    public void Send()
    {
        _next = 0;
        _channel!.Send(_batch);
    }

    /// <summary>Waits for the outputs.</summary>
    /// <returns>Null when they are there; otherwise why they are not.</returns>
    public string? Wait(TimeSpan limit)
    {
        string? error = _batch.Wait(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, CancellationToken.None);
        if (error is not null)
        {
            // The shard may still write into the old one.
            _batch = new ExpertBatch();
            _channel?.Dispose();
            _channel = null;
        }

        return error;
    }

    /// <summary>Puts the outputs of an expert where the engine wants them; in the order in which experts were added.</summary>
    public void Take(in ExpertWork work, ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _batch.Outputs.Slice(_next++ * work.Hidden, work.Hidden).CopyTo(work.Output.Span[(slot * work.Hidden)..]);
        }
    }

    public void Dispose()
    {
        _channel?.Dispose();
        _batch.Dispose();
    }
}
