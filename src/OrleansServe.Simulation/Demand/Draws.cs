namespace OrleansServe.Simulation.Demand;

/// <summary>Random numbers that are a function of a seed and a purpose.</summary>
/// <remarks>SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).</remarks>
internal sealed class Draws(ulong seed, ulong purpose)
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _state = Mix(Mix(seed + Step) + purpose);

    /// <summary>From the gamma distribution of scale 1.</summary>
    /// <param name="shape">At least 1.</param>
    /// <remarks>Marsaglia and Tsang: A Simple Method for Generating Gamma Variables, 2000.</remarks>
    public double NextGamma(double shape)
    {
        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal();
            double v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v *= v * v;
            if (Math.Log(NextUnit()) < (x * x / 2) + (d * (1 - v + Math.Log(v))))
            {
                return d * v;
            }
        }
    }

    /// <summary>In (0, 1]: its logarithm is finite.</summary>
    private double NextUnit()
    {
        _state += Step;
        return ((Mix(_state) >> 11) + 1) * (1.0 / (1UL << 53));
    }

    private double NextNormal() => Math.Sqrt(-2 * Math.Log(NextUnit())) * Math.Cos(2 * Math.PI * NextUnit());

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
