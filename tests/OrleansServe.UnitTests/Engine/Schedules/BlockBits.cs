using System.Runtime.InteropServices;
using OrleansServe.Engine;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The KV of a block in one number.</summary>
internal static class BlockBits
{
    /// <param name="engine">Where the block is.</param>
    /// <param name="block">Its id.</param>
    /// <param name="first">It is a sequence's first: the MTP layer has no row for position 0, whatever stands there.</param>
    public static ulong Digest(IEngine engine, int block, bool first)
    {
        var layout = engine.Kv.Layout;
        var bytes = new byte[layout.BytesPerBlockLayer];
        var sum = 0UL;
        for (var layer = 0; layer < layout.Layers; layer++)
        {
            engine.Kv.Read(block, layer, bytes);
            var skipped = first && engine.Info.HasMtp && layer == layout.Layers - 1 ? layout.RowWidth : 0;
            sum = Outcome.Digest(MemoryMarshal.Cast<byte, int>(bytes)[skipped..], sum);
        }

        return sum;
    }
}
