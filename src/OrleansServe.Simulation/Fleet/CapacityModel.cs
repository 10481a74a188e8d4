using OrleansServe.Policies.KvBlocks;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Fleet;

/// <summary>How long units take. A prefill unit is a queue that its GPUs work off together; a decode unit has places for streams, each at the same pace.</summary>
internal sealed class CapacityModel
{
    private const double SpareBlocks = 1.25;
    private const int LeastRequestsThatFit = 64;

    /// <param name="scenario">The day.</param>
    public CapacityModel(Scenario scenario)
    {
        double simulated = Math.Max(1, Math.Min(scenario.Requests, scenario.Settings.MostSimulatedRequests));
        double members = Math.Max(1, scenario.Requests / simulated);
        double meanInput = (double)scenario.InputTokens / Math.Max(1, scenario.Requests);
        double meanOutput = (double)scenario.OutputTokens / Math.Max(1, scenario.Requests);
        PrefillUnitRate = scenario.Prefill.UnitCapacity;
        PrefillGpuRate = scenario.Prefill.Capacity / scenario.GpusPerNode;

        // A place is held during prefill too, when it produces nothing: there are as many more of them.
        double decoding = Math.Max(1e-6, meanOutput / scenario.StreamRate);
        double held = 1 + (meanInput / PrefillGpuRate / decoding);
        Places = (int)Math.Clamp(Math.Round(scenario.Decode.UnitCapacity * held / (scenario.StreamRate * members)), 1, 1 << 24);
        PlaceRate = scenario.Decode.UnitCapacity * held / Places;
        int meanBlocks = 1 + BlockMath.BlocksFor((int)Math.Min(1e7, meanInput + meanOutput));
        DecodeBlocks = (int)Math.Min(int.MaxValue / 2, (long)(Math.Max(Places, LeastRequestsThatFit) * SpareBlocks * meanBlocks));
    }

    /// <summary>Prompt tokens a second of a prefill unit.</summary>
    public double PrefillUnitRate { get; }

    /// <summary>The same of one of its GPUs, which is what a single prompt gets.</summary>
    public double PrefillGpuRate { get; }

    /// <summary>Groups of streams that a decode unit has places for.</summary>
    public int Places { get; }

    /// <summary>Tokens a second that a place produces: the pace of a stream times the streams of a group.</summary>
    public double PlaceRate { get; }

    /// <summary>KV blocks of a decode unit, counted for one stream of each group.</summary>
    public int DecodeBlocks { get; }
}
