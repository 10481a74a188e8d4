namespace OrleansServe.Silo.Options;

/// <summary>Finds the name that somebody may have meant.</summary>
internal static class SettingNames
{
    private const int Longest = 64;

    /// <summary>The known name with the fewest changes to it, if they are few; ties go to the first. Null where none is near.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">What there is.</param>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        if (name.Length is 0 or > Longest)
        {
            return null;
        }

        string? nearest = null;
        int least = Math.Max(2, name.Length / 3) + 1;
        foreach (string candidate in known)
        {
            int changes = Changes(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (changes < least && changes < candidate.Length)
            {
                (nearest, least) = (candidate, changes);
            }
        }

        return nearest;
    }

    /// <summary>Letters to be inserted, removed or replaced to make one of the other.</summary>
    private static int Changes(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[to.Length];
    }
}
