namespace Recommender.FactorStore.Users;

/// <summary>Event types in one byte: the store's permanent type id for the first 254, and one class for all others.</summary>
public static class EventClass
{
    /// <summary>All types except the first 254.</summary>
    public const byte Other = 254;

    /// <summary>Unknown type, in values of formats without classes.</summary>
    public const byte Unknown = 255;

    /// <param name="typeId">Position of the type's name in <see cref="IFactorStore.GetEventTypesAsync"/>.</param>
    public static byte Of(int typeId) => (byte)Math.Min(typeId, Other);
}
