using System.Runtime.InteropServices;

using OrleansServe.Engine;

namespace OrleansServe.Cli.Bench;

/// <summary>Fills an engine's KV with noise: how long a step takes does not depend on what was cached, only on how much.</summary>
internal static class KvNoise
{
    private const int Seed = 1;

    /// <summary>Writes every block of every layer.</summary>
    public static void Fill(CpuEngine engine, int blocks)
    {
        float[] noise = new float[engine.Kv.Layout.BytesPerBlockLayer / sizeof(float)];
        Random random = new(Seed);
        for (int i = 0; i < noise.Length; i++)
        {
            noise[i] = ((float)random.NextDouble() * 2) - 1;
        }

        for (int block = 0; block < blocks; block++)
        {
            for (int layer = 0; layer < engine.Kv.Layout.Layers; layer++)
            {
                engine.Kv.Write(block, layer, MemoryMarshal.AsBytes<float>(noise));
            }
        }
    }
}
