using System.Globalization;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Policies.Pricing;

/// <summary>Finds what is wrong with a price list, all of it.</summary>
public static class PriceListValidator
{
    /// <summary>Highest price of a million tokens, or of a GPU and hour.</summary>
    public const decimal MostPrice = 1_000_000;

    /// <summary>Most GPUs of a node.</summary>
    public const int MostGpus = 1024;

    private const int MostModels = 1000;
    private const int MostWindows = 100;
    private const int MostNameLength = 256;

    /// <summary>Everything that is wrong; empty if nothing is.</summary>
    public static IReadOnlyList<string> Faults(PriceList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        List<string> faults = [];
        if (!LocalClock.TryFind(list.TimeZone, out _))
        {
            faults.Add($"TimeZone must be an IANA time zone, UTC or an offset as +08:00, is '{list.TimeZone}'");
        }

        Check(faults, "GpuHourPrice", list.GpuHourPrice, MostPrice);
        if (list.GpusPerNode is < 1 or > MostGpus)
        {
            faults.Add($"GpusPerNode must be between 1 and {MostGpus}, is {list.GpusPerNode}");
        }

        if (list.Models.Count > MostModels)
        {
            faults.Add($"Models must be at most {MostModels}, are {list.Models.Count}");
            return faults;
        }

        HashSet<string> names = [];
        for (int i = 0; i < list.Models.Count; i++)
        {
            ModelPrices model = list.Models[i];
            string name = $"Models[{i}]";
            if (string.IsNullOrEmpty(model.Model) || model.Model.Length > MostNameLength)
            {
                faults.Add($"{name}.Model must have between 1 and {MostNameLength} characters, has {model.Model?.Length ?? 0}");
            }
            else if (!names.Add(model.Model))
            {
                faults.Add($"{name}.Model '{model.Model}' has an entry already");
            }

            Check(faults, $"{name}.Usual.CacheHit", model.Usual.CacheHit, MostPrice);
            Check(faults, $"{name}.Usual.CacheMiss", model.Usual.CacheMiss, MostPrice);
            Check(faults, $"{name}.Usual.Output", model.Usual.Output, MostPrice);
            CheckWindows(faults, $"{name}.OffPeak", model.OffPeak);
        }

        return faults;
    }

    private static void CheckWindows(List<string> faults, string name, IReadOnlyList<OffPeakWindow> windows)
    {
        if (windows.Count > MostWindows)
        {
            faults.Add($"{name} must have at most {MostWindows} windows, has {windows.Count}");
            return;
        }

        for (int i = 0; i < windows.Count; i++)
        {
            OffPeakWindow window = windows[i];
            Check(faults, $"{name}[{i}].Discount", window.Discount, 1);
            if (window.Days.Count == 0 || window.Days.Any(day => !Enum.IsDefined(day)))
            {
                faults.Add($"{name}[{i}].Days must be days of the week, at least one");
                continue;
            }

            for (int j = 0; j < i; j++)
            {
                if (windows[j].Days.All(Enum.IsDefined) && WeeklyHours.Overlap((windows[j].Days, windows[j].From, windows[j].To), (window.Days, window.From, window.To)))
                {
                    faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name}[{j}] {windows[j].From:HH\\:mm}-{windows[j].To:HH\\:mm} and {name}[{i}] {window.From:HH\\:mm}-{window.To:HH\\:mm} overlap"));
                }
            }
        }
    }

    private static void Check(List<string> faults, string name, decimal value, decimal most)
    {
        if (value < 0 || value > most)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be between 0 and {most}, is {value}"));
        }
    }
}
