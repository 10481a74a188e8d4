using System.Globalization;

namespace OrleansServe.UnitTests.Engine;

/// <summary>How long random tests go on, and from where: a few fixed seeds each unless the environment asks for more.</summary>
internal static class Fuzzing
{
    public const string SecondsVariable = "ORLEANSSERVE_FUZZ_SECONDS";
    public const string SeedVariable = "ORLEANSSERVE_FUZZ_SEED";

    /// <summary>The seeds of a test: so many from 0 on; or from the one that is asked for, which runs alone unless a time is given; in any case until the time is over.</summary>
    /// <param name="usual">How many.</param>
    /// <param name="enough">
    /// Whether all has happened that the test is about, where that is up to the threads as well: up to ten times as many are drawn until it has.
    /// </param>
    public static IEnumerable<int> Seeds(int usual, Func<bool>? enough = null)
    {
        var first = Read(SeedVariable);
        var time = TimeSpan.FromSeconds(Read(SecondsVariable) ?? 0);
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < (first is null ? usual : 1) || TimeProvider.System.GetElapsedTime(start) < time || IsAskedForMore(i); i++)
        {
            yield return (first ?? 0) + i;
        }

        bool IsAskedForMore(int drawn) => first is null && drawn < 10 * usual && enough?.Invoke() == false;
    }

    /// <summary>What a failure is to say.</summary>
    public static Exception Failed(int seed, Exception fault) => new InvalidOperationException($"seed {seed} fails; {SeedVariable}={seed} runs it alone", fault);

    private static int? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
