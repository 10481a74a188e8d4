namespace OrleansServe.Simulation.Demand;

/// <summary>
/// Random numbers that are a function of a seed, a purpose and a position: arrivals, lengths and tokens are drawn apart, so that a change of one leaves
/// the others as they were.
/// </summary>
/// <remarks>SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).</remarks>
public sealed class SeededDraws
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _state;

    /// <summary>Begins a sequence.</summary>
    /// <param name="seed">What a run is named by.</param>
    /// <param name="purpose">What the numbers are drawn for.</param>
    public SeededDraws(ulong seed, ulong purpose) => _state = Mix(Mix(seed + Step) + purpose);

    /// <summary>Begins a sequence that is one of many of its purpose.</summary>
    /// <param name="seed">What a run is named by.</param>
    /// <param name="purpose">What the numbers are drawn for.</param>
    /// <param name="subject">Which of them.</param>
    public SeededDraws(ulong seed, ulong purpose, ulong subject)
        : this(seed, purpose) => _state = Mix(_state + subject);

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(_state += Step);

    /// <summary>An integer in [0, <paramref name="count"/>).</summary>
    public int Next(int count) => (int)Math.BigMul(NextBits(), (ulong)count, out _);

    /// <summary>A number in (0, 1]: its logarithm is finite.</summary>
    public double NextUnit() => ((NextBits() >> 11) + 1) * (1.0 / (1UL << 53));

    /// <summary>From the exponential distribution of mean 1.</summary>
    public double NextExponential() => -Math.Log(NextUnit());

    /// <summary>From the normal distribution of mean 0 and deviation 1.</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(NextUnit())) * Math.Cos(2 * Math.PI * NextUnit());

    /// <summary>From the gamma distribution of scale 1.</summary>
    /// <param name="shape">Above 0.</param>
    /// <remarks>Marsaglia and Tsang: A Simple Method for Generating Gamma Variables, 2000.</remarks>
    public double NextGamma(double shape)
    {
        if (shape < 1)
        {
            return NextGamma(shape + 1) * Math.Pow(NextUnit(), 1 / shape);
        }

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

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
