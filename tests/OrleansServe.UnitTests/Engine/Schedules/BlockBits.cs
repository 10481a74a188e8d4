using System.Runtime.InteropServices;
using OrleansServe.Engine;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The KV of a block in one number.</summary>
internal static class BlockBits
{
    /// <param name="engine">Where the block is.</param>
    /// <param name="block">Its id.</param>
    public static ulong Digest(IEngine engine, int block)
    {
        var layout = engine.Kv.Layout;
        var bytes = new byte[layout.BytesPerBlockLayer];
        var sum = 0UL;
        for (var layer = 0; layer < layout.Layers; layer++)
        {
            engine.Kv.Read(block, layer, bytes);
            sum = Outcome.Digest(MemoryMarshal.Cast<byte, int>(bytes), sum);
        }

        return sum;
    }
}
