using System.Globalization;

namespace OrleansServe.Policies.Scaling;

/// <summary>Finds every fault of <see cref="ScalingOptions"/>: option, limit and value.</summary>
public static class ScalingOptionsValidator
{
    /// <summary>Most units of a role.</summary>
    public const int MostUnits = 100_000;

    private const int MostWindows = 100;
    private const decimal MostPrice = 1_000_000;

    /// <summary>All faults; none if the options are valid.</summary>
    public static IReadOnlyList<string> FindFaults(ScalingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> faults = [];
        if (!LocalClock.TryFind(options.TimeZone, out _))
        {
            faults.Add($"TimeZone must be an IANA time zone, UTC or an offset as +08:00, is '{options.TimeZone}'");
        }

        CheckRole(faults, nameof(options.Prefill), options.Prefill);
        CheckRole(faults, nameof(options.Decode), options.Decode);
        CheckClass(faults, nameof(options.Interactive), options.Interactive);
        CheckClass(faults, nameof(options.Standard), options.Standard);
        CheckClass(faults, nameof(options.Batch), options.Batch);
        Check(faults, nameof(options.KvUse), options.KvUse, 0.05, 1);
        Check(faults, nameof(options.GpusPerNode), options.GpusPerNode, 1, 1024);
        Check(faults, nameof(options.GpuHourPrice), options.GpuHourPrice, 0, MostPrice);
        Check(faults, nameof(options.StartUp), options.StartUp, TimeSpan.Zero, TimeSpan.FromHours(6));
        Check(faults, nameof(options.DecisionInterval), options.DecisionInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Check(faults, nameof(options.ScaleInCoolDown), options.ScaleInCoolDown, TimeSpan.Zero, TimeSpan.FromHours(6));
        Check(faults, nameof(options.ScaleOutCoolDown), options.ScaleOutCoolDown, TimeSpan.Zero, TimeSpan.FromHours(1));
        Check(faults, nameof(options.ReportTimeout), options.ReportTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Check(faults, nameof(options.HistoryDays), options.HistoryDays, 0, 28);
        Check(faults, nameof(options.LargestScaleIn), options.LargestScaleIn, 0.01, 1);
        CheckSchedule(faults, options);
        CheckPrices(faults, options.Prices);
        return faults;
    }

    private static void CheckRole(List<string> faults, string name, RoleScaling role)
    {
        Check(faults, $"{name}.NodesPerUnit", role.NodesPerUnit, 1, MostUnits);
        Check(faults, $"{name}.Minimum", role.Minimum, 0, MostUnits);
        Check(faults, $"{name}.Maximum", role.Maximum, 1, MostUnits);
        Check(faults, $"{name}.Step", role.Step, 1, MostUnits);
        Check(faults, $"{name}.InitialCapacity", role.InitialCapacity, 0, 1e12);
        if (role.Minimum > role.Maximum)
        {
            faults.Add($"{name}.Minimum must be at most {name}.Maximum {role.Maximum}, is {role.Minimum}");
        }
    }

    private static void CheckClass(List<string> faults, string name, ClassScaling target)
    {
        Check(faults, $"{name}.Utilization", target.Utilization, 0.05, 1);
        Check(faults, $"{name}.FirstToken", target.FirstToken, TimeSpan.Zero, TimeSpan.FromHours(1));
        Check(faults, $"{name}.Deferral", target.Deferral, TimeSpan.Zero, TimeSpan.FromHours(24));
    }

    private static void CheckSchedule(List<string> faults, ScalingOptions options)
    {
        IReadOnlyList<ScheduleWindow> windows = options.Schedule;
        if (windows.Count > MostWindows)
        {
            faults.Add($"Schedule must have at most {MostWindows} windows, has {windows.Count}");
            return;
        }

        for (int i = 0; i < windows.Count; i++)
        {
            ScheduleWindow window = windows[i];
            string name = $"Schedule[{i}] '{window.Name}'";
            if (string.IsNullOrWhiteSpace(window.Name))
            {
                faults.Add($"{name} must have a name");
            }

            if (window.Days.Count == 0 || window.Days.Any(day => !Enum.IsDefined(day)))
            {
                faults.Add($"{name}.Days must name days of the week, is {(window.Days.Count == 0 ? "empty" : string.Join(", ", window.Days))}");
            }

            CheckLimits(faults, name, "Prefill", options.Prefill, window.PrefillMinimum, window.PrefillMaximum);
            CheckLimits(faults, name, "Decode", options.Decode, window.DecodeMinimum, window.DecodeMaximum);
            for (int j = 0; j < i; j++)
            {
                CheckContradiction(faults, name, window, $"Schedule[{j}] '{windows[j].Name}'", windows[j]);
            }
        }
    }

    private static void CheckLimits(List<string> faults, string window, string role, RoleScaling own, int? minimum, int? maximum)
    {
        if (minimum is { } least && (least < 0 || least > own.Maximum))
        {
            faults.Add($"{window}.{role}Minimum must be from 0 to {role}.Maximum {own.Maximum}, is {least}");
        }

        if (maximum is { } most && (most < own.Minimum || most > MostUnits))
        {
            faults.Add($"{window}.{role}Maximum must be from {role}.Minimum {own.Minimum} to {MostUnits}, is {most}");
        }

        if (minimum > maximum)
        {
            faults.Add($"{window}.{role}Minimum must be at most its {role}Maximum {maximum}, is {minimum}");
        }
    }

    private static void CheckContradiction(List<string> faults, string name, ScheduleWindow window, string otherName, ScheduleWindow other)
    {
        if (!WeeklyHours.Overlap((window.Days, window.From, window.To), (other.Days, other.From, other.To)))
        {
            return;
        }

        foreach ((string role, int? least, int? most) in new[]
        {
            ("Prefill", Larger(window.PrefillMinimum, other.PrefillMinimum), Smaller(window.PrefillMaximum, other.PrefillMaximum)),
            ("Decode", Larger(window.DecodeMinimum, other.DecodeMinimum), Smaller(window.DecodeMaximum, other.DecodeMaximum)),
        })
        {
            if (least > most)
            {
                faults.Add($"{otherName} and {name} contradict each other where they overlap: {role} at least {least} and at most {most} units");
            }
        }
    }

    private static int? Larger(int? a, int? b) => a is null || b > a ? b : a;

    private static int? Smaller(int? a, int? b) => a is null || b < a ? b : a;

    private static void CheckPrices(List<string> faults, IReadOnlyList<PriceWindow> prices)
    {
        if (prices.Count > MostWindows)
        {
            faults.Add($"Prices must have at most {MostWindows} windows, has {prices.Count}");
            return;
        }

        DayOfWeek[] anyDay = Enum.GetValues<DayOfWeek>();
        for (int i = 0; i < prices.Count; i++)
        {
            Check(faults, $"Prices[{i}].GpuHourPrice", prices[i].GpuHourPrice, 0, MostPrice);
            for (int j = 0; j < i; j++)
            {
                if (WeeklyHours.Overlap((anyDay, prices[i].From, prices[i].To), (anyDay, prices[j].From, prices[j].To)))
                {
                    faults.Add(string.Create(CultureInfo.InvariantCulture, $"Prices[{j}] {prices[j].From:HH\\:mm}-{prices[j].To:HH\\:mm} and Prices[{i}] {prices[i].From:HH\\:mm}-{prices[i].To:HH\\:mm} overlap"));
                }
            }
        }
    }

    // NaN compares as neither above nor below: what is not within is refused.
    private static void Check<T>(List<string> faults, string option, T value, T least, T most)
        where T : IComparable<T>
    {
        if (!(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{option} must be from {least} to {most}, is {value}"));
        }
    }
}
