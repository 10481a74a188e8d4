using OrleansServe.Engine.Moe;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>Sends a microbatch's rows to far devices, computes those of the engine's own, and waits for the others as long as their way takes.</summary>
/// <param name="microbatch">0 or 1.</param>
/// <param name="bank">The experts.</param>
/// <param name="devices">The far devices; expert e is at device e mod (their number + 1), and 0 is the engine's.</param>
/// <param name="log">Gets the times.</param>
/// <param name="time">Measures.</param>
internal sealed class FarDispatcher(int microbatch, ExpertBank bank, IReadOnlyList<FarDevice> devices, StageLog log, TimeProvider time) : IExpertDispatcher
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ExpertWork _work;

    /// <inheritdoc/>
    public bool IsAway => devices.Count > 0;

    /// <inheritdoc/>
    public void Begin(in ExpertWork work)
    {
        _work = work;
        for (int device = 0; device < devices.Count; device++)
        {
            devices[device][microbatch].Begin(work.Layer);
        }

        foreach (int expert in work.Compute.Active)
        {
            if (expert % (devices.Count + 1) is > 0 and var device)
            {
                devices[device - 1][microbatch].Add(work, expert);
            }
        }

        long sent = time.GetTimestamp();
        for (int device = 0; device < devices.Count; device++)
        {
            FarBatch batch = devices[device][microbatch];
            if (batch.Count > 0)
            {
                batch.Times = new FarTimes(sent, sent + devices[device].Delay, 0, 0, 0);
                batch.Send();
            }
        }
    }

    /// <inheritdoc/>
    public void ComputeLocal()
    {
        foreach (int expert in _work.Compute.Active)
        {
            if (expert % (devices.Count + 1) == 0)
            {
                _work.Compute.Take(expert, bank);
            }
        }

        _work.Compute.Compute();
    }

    /// <inheritdoc/>
    public void Complete()
    {
        long start = time.GetTimestamp();
        FarTimes last = default;
        for (int device = 0; device < devices.Count; device++)
        {
            FarBatch batch = devices[device][microbatch];
            if (batch.Count == 0)
            {
                continue;
            }

            while (batch.IsSent || time.GetTimestamp() < batch.Times.Returned)
            {
                Thread.SpinWait(1);
                devices[device].Check();
                if (time.GetElapsedTime(start) > Patience)
                {
                    throw new ExpertUnavailableException(_work.Layer, batch.Experts[0], "a device does not answer");
                }
            }

            last = batch.Times.Returned > last.Returned ? batch.Times : last;
        }

        log.Waited(_work.Layer, microbatch, start, time.GetTimestamp(), last);
        for (int device = 0; device < devices.Count; device++)
        {
            devices[device][microbatch].Take(_work);
        }
    }
}
