using System.Globalization;
using System.Text.Json;

namespace OrleansServe.Silo.Options;

/// <summary>The fields of a JSON object, by name, with where it stands for messages.</summary>
/// <param name="element">The object.</param>
/// <param name="place">Where it stands: file and path.</param>
internal sealed class PriceFields(JsonElement element, string place)
{
    /// <summary>Refuses fields of other names, which would be typing errors taken for nothing.</summary>
    public void AllowOnly(params string[] names)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{place}: must be an object, is {element.ValueKind}");
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw new FormatException($"{place}: no such field '{property.Name}'; there are {string.Join(", ", names)}");
            }
        }
    }

    /// <summary>A text.</summary>
    public string Text(string name, string fallback) => !element.TryGetProperty(name, out JsonElement value)
        ? fallback
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Fault(name, "a text", value);

    /// <summary>A decimal number, read as it is written.</summary>
    public decimal Money(string name, decimal? fallback)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return fallback ?? throw new FormatException($"{place}: {name} is missing");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal money) ? money : throw Fault(name, "a decimal number", value);
    }

    /// <summary>A whole number.</summary>
    public int Count(string name, int fallback) => !element.TryGetProperty(name, out JsonElement value)
        ? fallback
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) ? count : throw Fault(name, "a whole number", value);

    /// <summary>A time of the day.</summary>
    public TimeOnly Time(string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            throw new FormatException($"{place}: {name} is missing");
        }

        return value.ValueKind == JsonValueKind.String && TimeOnly.TryParseExact(value.GetString(), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time)
            ? time
            : throw Fault(name, "a time as 16:30", value);
    }

    /// <summary>Days of the week; null if left out.</summary>
    public IReadOnlyList<DayOfWeek>? Days(string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Fault(name, "an array of days", value);
        }

        return [.. value.EnumerateArray().Select(day => day.ValueKind == JsonValueKind.String && Enum.GetNames<DayOfWeek>().Contains(day.GetString())
            ? Enum.Parse<DayOfWeek>(day.GetString()!)
            : throw Fault(name, "days as Monday", day))];
    }

    /// <summary>Objects of an array; none if it is left out.</summary>
    public IEnumerable<PriceFields> Items(string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select((item, index) => new PriceFields(item, $"{place}: {name}[{index}]"))
            : throw Fault(name, "an array", value);
    }

    private FormatException Fault(string name, string wanted, JsonElement value) => new($"{place}: {name} must be {wanted}, is {value.GetRawText()}");
}
