using OrleansServe.Engine.Moe;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;

namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>The rows of one layer that go to one shard of another silo, and their way there and back. Belongs to one engine's thread.</summary>
internal sealed class RemoteRows(IDataPlane dataPlane, ExpertRoutes.Shard shard) : IDisposable
{
    private ExpertBatch _batch = new();
    private IExpertChannel? _channel;

    /// <summary>What is to go there, or is under way.</summary>
    public SlotList Slots { get; } = new();

    /// <summary>Sends what <see cref="Slots"/> lists.</summary>
    /// <returns>Null when it is under way; otherwise why it cannot be.</returns>
    public string? Send(in ExpertWork work, long epoch)
    {
        try
        {
            _channel ??= dataPlane.OpenExperts(shard.DataPlaneAddress, shard.Worker.Device);
        }
        catch (PeerUnreachableException e)
        {
            return e.Message;
        }

        _batch.Begin(work.Layer, work.Hidden, Slots.Count, epoch, work.Format);
        Slots.Experts.CopyTo(_batch.Experts);
        ReadOnlySpan<int> slots = Slots.Slots;
        for (int i = 0; i < slots.Length; i++)
        {
            work.Input.Span.Slice(slots[i] / work.TopK * work.Hidden, work.Hidden).CopyTo(_batch.Rows[(i * work.Hidden)..]);
        }

        _channel.Send(_batch);
        return null;
    }

    /// <summary>Waits for the outputs and puts them where the engine wants them.</summary>
    /// <returns>Null when they are there; otherwise why they are not.</returns>
    public string? Receive(in ExpertWork work, TimeSpan limit)
    {
        string? error = _batch.Wait(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, CancellationToken.None);
        if (error is not null)
        {
            // The shard may still write into the old one.
            _batch = new ExpertBatch();
            _channel?.Dispose();
            _channel = null;
            return error;
        }

        ReadOnlySpan<int> slots = Slots.Slots;
        for (int i = 0; i < slots.Length; i++)
        {
            _batch.Outputs.Slice(i * work.Hidden, work.Hidden).CopyTo(work.Output.Span[(slots[i] * work.Hidden)..]);
        }

        return null;
    }

    public void Dispose()
    {
        _channel?.Dispose();
        _batch.Dispose();
    }
}
